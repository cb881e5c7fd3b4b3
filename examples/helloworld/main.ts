console.log("hello eggos");
